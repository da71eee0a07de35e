"""Shortcuts of the till: the few options of a dish that its guests ask for most.

"Two flat whites, one oat" is two taps on the dish, one on the option and one on Send; for that the
option must be in reach before an editor is opened. Pure; services/shortcuts.py counts.
"""

from collections.abc import Mapping

from domain.views.menu import MenuItemView, ModifierOptionView

# One row beside each other in the order's pane of a tablet; a fifth would wrap.
SHORTCUTS = 4

Asked = Mapping[str, Mapping[str, int]]  # menu item id -> modifier id -> units that had it


def list_shortcuts(item: MenuItemView, asked: Asked) -> list[ModifierOptionView]:
    """List what is asked for most with a dish, and what nobody asked for yet where there is room.

    In the order of the menu: a key that changes its place with every rush is not learned. What a
    required group comes with is there already.
    """
    counts = asked.get(item.menu_item_id, {})
    offered = [
        option
        for group in item.groups
        for option in group.options
        if not (group.is_required and option.is_default)
    ]
    most = sorted(offered, key=lambda option: -counts.get(option.modifier_id, 0))[:SHORTCUTS]
    return [option for option in offered if option in most]
