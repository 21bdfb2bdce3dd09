"""The demonstration of `make up`: seven stories with sandbox orders, before the user's eyes."""

from app.demo.show import show

__all__ = ["show"]
