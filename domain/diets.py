"""What a dish may be labelled as: the cafe's word, where allergens are its duty."""

from enum import StrEnum


class Diet(StrEnum):
    VEGAN = "vegan"
    VEGETARIAN = "vegetarian"
    GLUTEN_FREE = "gluten_free"
