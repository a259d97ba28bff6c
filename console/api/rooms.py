"""Every module of the API whose routes the application has."""

from typing import Final

from console.api import (
    actions,
    asks,
    batches,
    catalogue,
    channels,
    comments,
    guidelines,
    incidents,
    moves,
    oncall,
    operations,
    people,
    proposals,
    retrospectives,
    review_words,
    search,
    senders,
    sharing,
    signals,
    sweep_proofs,
    sweep_views,
    sweeps,
    trends,
)

ROOMS: Final = (
    *(signals, senders, incidents, moves, guidelines, asks),
    *(sweeps, sweep_views, sweep_proofs, batches, retrospectives, review_words),
    *(comments, sharing, trends),
    *(proposals, actions, search, people, oncall, catalogue, channels, operations),
)
"""In the order in which the description tells them."""
