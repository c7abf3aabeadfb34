"""Stopping, starting and restarting the inside of the gateway, while its outside stays."""

from crawdad.services.lifecycle.orders import LifecycleOrders
from crawdad.services.lifecycle.request import Action, LifecycleRequest, State
from crawdad.services.lifecycle.service import Inside, Lifecycle

__all__ = ["Action", "Inside", "Lifecycle", "LifecycleOrders", "LifecycleRequest", "State"]
