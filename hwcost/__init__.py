"""Costs of expressions and graphs on a device, before and after synthesis."""

from symtick.hwcost.devices.device import Device, load_device
from symtick.hwcost.models.budget import Budget, Use
from symtick.hwcost.models.estimate import Estimate, estimate
from symtick.hwcost.models.model import CycleModel, Model, OpenModel, UnitModel, model
from symtick.hwcost.models.published import cycle_table, published_cycles, published_sum
from symtick.hwcost.reports.hls import HlsReport
from symtick.hwcost.reports.hls4ml import Hls4mlReport, read_hls4ml
from symtick.hwcost.reports.reader import read_report
from symtick.hwcost.reports.vivado import ClockSlack, TimingReport, UtilisationReport
from symtick.hwcost.search_model.export import search_cost
from symtick.hwcost.search_model.table import SearchCost

__all__ = [
    "Budget",
    "ClockSlack",
    "CycleModel",
    "Device",
    "Estimate",
    "Hls4mlReport",
    "HlsReport",
    "Model",
    "OpenModel",
    "SearchCost",
    "TimingReport",
    "UnitModel",
    "Use",
    "UtilisationReport",
    "cycle_table",
    "estimate",
    "load_device",
    "model",
    "published_cycles",
    "published_sum",
    "read_hls4ml",
    "read_report",
    "search_cost",
]
