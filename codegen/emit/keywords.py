"""Words that cannot name a port or a module in the emitted languages, and in VHDL.

Verilog-2005 and SystemVerilog-2017 (simulators read Verilog files as such), C++20 with the global
types and macros of its headers (a port `size` has the type `size_t`), what Verilator takes for
these, and the names that the templates themselves use. VHDL's are those of IEEE 1076-2008, without
the property language's: it does not tell capitals from small letters.
"""

from __future__ import annotations

_VERILOG = """
accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
checker class clocking cmos config const constraint context continue cover covergroup coverpoint
cross deassign default defparam design disable dist do edge else end endcase endchecker endclass
endclocking endconfig endfunction endgenerate endgroup endinterface endmodule endpackage
endprimitive endprogram endproperty endsequence endspecify endtable endtask enum event eventually
expect export extends extern final first_match for force foreach forever fork forkjoin function
generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies
import incdir include initial inout input inside instance int integer interconnect interface
intersect join join_any join_none large let liblist library local localparam logic longint
macromodule matches medium modport module nand negedge nettype new nexttime nmos nor
noshowcancelled not notif0 notif1 null or output package packed parameter pmos posedge primitive
priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect
pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg reject_on
release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually
s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled signed small
soft solve specify specparam static string strong strong0 strong1 struct super supply0 supply1
sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit tran
tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until
until_with untyped use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while
wildcard wire with within wor xnor xor
"""
_CPP = """
alignas alignof and_eq asm auto bitand bitor bool catch char char8_t char16_t char32_t co_await
co_return co_yield compl concept const_cast consteval constexpr constinit decltype delete double
dynamic_cast explicit false float friend goto inline long main mutable namespace noexcept not_eq
nullptr operator or_eq private public register reinterpret_cast requires short sizeof
static_assert static_cast std switch template thread_local throw true try typeid typename using
volatile wchar_t xor_eq linux unix NULL EOF
"""
_HEADERS = """
blkcnt_t blksize_t caddr_t clock_t clockid_t cpu_set_t daddr_t dev_t div_t double_t error_t fenv_t
femode_t fexcept_t float_t fpos_t fsid_t gid_t id_t ino_t int8_t int16_t int32_t int64_t intmax_t
intptr_t key_t ldiv_t lldiv_t locale_t loff_t max_align_t mbstate_t mode_t nlink_t off_t off64_t
pid_t ptrdiff_t quad_t sigset_t size_t ssize_t suseconds_t time_t timer_t u_quad_t uid_t uint8_t
uint16_t uint32_t uint64_t uintmax_t uintptr_t useconds_t wctrans_t wctype_t wint_t
errno stdin stdout stderr NAN INFINITY HUGE_VAL INLINE M_PI M_E
"""
# words of C++ and SystemC that Verilator warns of
_COMMON = """
abort atomic_cancel atomic_commit atomic_noexcept bit_vector cdecl complex const_iterator
const_reference deque far huge interrupt iterator list map multimap multiset near override pascal
queue reference sc_clock sc_in sc_inout sc_out sc_signal sensitive sensitive_neg sensitive_pos set
stack synchronized transaction_safe transaction_safe_dynamic type_info vector
"""
# `defines` is a header in every project; those with tb_ stand around the ports in main()
_OURS = """
clk addr unused ap_int ap_uint ap_fixed ap_ufixed ac_int ac_fixed defines tb_after tb_call
tb_character tb_count tb_digit tb_dut tb_ended tb_expected tb_features tb_from tb_in tb_lag tb_load
tb_log tb_mark tb_mismatches tb_negative tb_number tb_options tb_out tb_outputs tb_predictions
tb_queue tb_read tb_read_vector tb_reply tb_results tb_row tb_rows tb_same tb_source tb_store
tb_target tb_to tb_valid tb_vectors tb_word tb_wrong TB_BITS TB_LAGS TB_LATENCY TB_WIDTH
"""
_VHDL = """
abs access after alias all and architecture array assert attribute begin block body buffer bus case
component configuration constant context disconnect downto else elsif end entity exit file for force
function generate generic group guarded if impure in inertial inout is label library linkage literal
loop map mod nand new next nor not null of on open or others out package parameter port postponed
procedure process protected pure range record register reject release rem report return rol ror
select severity shared signal sla sll sra srl subtype then to transport type unaffected units until
use variable wait when while with xnor xor clk
"""
# libraries, types and functions that the VHDL reads, and its own
_VHDL_NAMES = """
bit_of boolean ieee integer natural numeric_std resize rising_edge rom_style rtl shift_left
shreg_extract signed std std_logic std_logic_1164 std_logic_vector string to_integer to_signed
to_unsigned unsigned use_dsp work
"""

KEYWORDS = frozenset((_VERILOG + _CPP + _HEADERS + _COMMON + _OURS).split())
VHDL = frozenset((_VHDL + _VHDL_NAMES).split())
