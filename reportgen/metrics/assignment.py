"""Which column belongs to which row so that the sum is largest: each row and each column once.

The method of shortest augmenting paths (Crouse 2016, doi 10.1109/TAES.2016.140952), in the order in which
`scipy.optimize.linear_sum_assignment` goes through rows and columns, so that both find the same of several equally good
ones; here for the sizes at which scipy's takes longer to import, a third of a second, than this to run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MOST = 100
"""Rows above which scipy's is faster, its import included."""


def best_assignment(gains: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,): the column of each row with the largest sum of `gains`, whole numbers (n, n)."""
    if len(gains) > MOST:
        from scipy.optimize import linear_sum_assignment

        return np.asarray(linear_sum_assignment(gains, maximize=True)[1], np.int64)
    search = Search([[-gain for gain in row] for row in gains.tolist()])
    for row in range(len(gains)):
        search.assign(row)
    return np.array(search.column_of, np.int64)


@dataclass
class Search:
    """An assignment of least costs that grows by one row at a time; every cost is a whole number."""

    costs: list[list[int]]
    row_prices: list[int] = field(init=False)
    column_prices: list[int] = field(init=False)
    column_of: list[int] = field(init=False)
    """By row; −1 where it has none yet."""
    row_of: list[int] = field(init=False)
    """By column; −1 where it has none yet."""

    def __post_init__(self) -> None:
        size = len(self.costs)
        self.row_prices, self.column_prices = [0] * size, [0] * size
        self.column_of, self.row_of = [-1] * size, [-1] * size

    def assign(self, row: int) -> None:
        """Give one more row its column, which may move rows before it to others."""
        reached: dict[int, int] = {}  # column -> the least cost of a path to it
        seen: dict[int, int] = {}  # column that a path goes through -> its least cost
        before: dict[int, int] = {}  # column -> the row before it on that path
        waiting = list(range(len(self.costs)))[::-1]
        here, cost, column = row, 0, -1
        while column < 0 or self.row_of[column] >= 0:
            here = row if column < 0 else self.row_of[column]
            index = self.reach(here, cost, waiting, reached, before)
            column = waiting[index]
            cost = seen[column] = reached[column]
            waiting[index] = waiting[-1]
            waiting.pop()
        self.reprice(row, cost, seen)
        while column >= 0:
            here = before[column]
            self.row_of[column] = here
            self.column_of[here], column = column, self.column_of[here]

    def reach(self, row: int, cost: int, waiting: list[int], reached: dict[int, int], before: dict[int, int]) -> int:
        """Try the ways from a row, reached at this cost, to every waiting column; the index of the nearest one, of
        equally near ones the last that has no row."""
        nearest = 0
        for index, column in enumerate(waiting):
            length = cost + self.costs[row][column] - self.row_prices[row] - self.column_prices[column]
            if column not in reached or length < reached[column]:
                reached[column], before[column] = length, row
            least = reached[waiting[nearest]] if index else None
            if least is None or reached[column] < least or (reached[column] == least and self.row_of[column] < 0):
                nearest = index
        return nearest

    def reprice(self, row: int, cost: int, seen: dict[int, int]) -> None:
        """Change the prices so that every path that was found costs nothing."""
        self.row_prices[row] += cost
        for column, length in seen.items():
            if self.row_of[column] >= 0:
                self.row_prices[self.row_of[column]] += cost - length
            self.column_prices[column] -= cost - length
