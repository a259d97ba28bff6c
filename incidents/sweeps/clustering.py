"""Which posts are copies of one, and which of them may inherit the decision about it?

Four looks, each at what the one before left over: equal text; equal letters (see letters.py); alike letters
(minhash.py); the same picture (pictures.py). A cluster is a star: each post is alike to its head, never only
to another member, so that no chain joins what has little in common. The same posts in any order give the
same clusters.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.datatypes import DataType, DataTypeClass

from incidents.errors import BadInput
from incidents.sweeps.context import hosts, read_contexts
from incidents.sweeps.letters import letters
from incidents.sweeps.minhash import (
    Keys,
    Pairs,
    Rows,
    Signatures,
    distinct,
    joined_pairs,
    meetings,
    packed,
    promising,
    signatures,
    unpacked,
    verified,
)
from incidents.sweeps.pictures import same_pictures
from incidents.sweeps.posts import MOMENT
from incidents.sweeps.radius import Letters, is_slip, slips

CLUSTERED_SCHEMA: Final = pl.Schema(
    {
        "id": pl.String(),
        "cluster": pl.String(),  # id of its head
        "kind": pl.String(),  # how it is like the head: exact, normalised, near or media; or alone
        "likeness": pl.Float64(),  # 0 to 1, to the head
        "covered": pl.Boolean(),  # inherits what is decided about the head
        "read_as": pl.String(),  # id of the post that is read for it: the head where covered
        "context": pl.String(),  # counter, news or quote, as it seems; null where it speaks for itself
    }
)

_Mask: TypeAlias = npt.NDArray[np.bool_]

_MET: Final = 4
"""How many of the best-ranked texts of a band are compared with the rest of it."""
_NEAR_FROM: Final = 12
"""Bytes of a stream from which on likeness means something: 12 Latin letters, 4 Chinese ones."""
_LINKS_MATTER_BELOW: Final = 24
"""Bytes of a stream: a shorter post may be no more than the page that it leads to."""
_HARDLY_A_WORD: Final = 3
"""Letters beside a picture that say nothing about it."""
_UNITS_AT_ONCE: Final = 100_000


class _Units(NamedTuple):
    """Posts that say the same in the same way, once each; the best-ranked first. A unit is a row number."""

    frame: pl.DataFrame
    streams: list[str]
    signed: Signatures
    near: Rows  # the rows that are long enough to be near anything
    media: pl.DataFrame  # unit, group, likeness; by group, then unit


class _Links(NamedTuple):
    """Pairs of units that are alike, and which of them by their pictures alone."""

    pairs: Pairs
    by_media: _Mask

    def where(self, kept: _Mask) -> "_Links":
        """The pairs that a mask keeps."""
        return _Links(self.pairs.where(kept), self.by_media[kept])


class _Joined(NamedTuple):
    """For each unit: its head, how alike they are, whether covered, whether a picture alone joins them."""

    head: Rows
    likeness: npt.NDArray[np.float64]
    covered: _Mask
    by_media: _Mask


def cluster(posts: pl.DataFrame, heads: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row a post of `posts`, in their order, with the columns of CLUSTERED_SCHEMA.

    - `posts`: id and text; language, posted_at and media (list of `pdq:…`, `md5:…`) where there are any
    - `heads`: posts that head clusters already, in the same columns. They stay heads: new posts join them,
      or form clusters of their own. They are not in the answer unless they are in `posts` too.

    The head is the text that is most alike to all others, weighted by posts; of equal texts the earliest,
    then the lowest id. Raises BadInput for an id that occurs twice, or a media hash that is none.
    """
    rows = _rows(posts, heads)
    units, unit_of = _units(rows)
    given = int(units.frame["given"].sum())
    links = _links(units, given)
    joined = _joined(units, links, given)
    return _told(posts, rows, unit_of, units, joined, _read_as(units, links.pairs, joined))


def clusters(posts: pl.DataFrame, clustered: pl.DataFrame) -> pl.DataFrame:
    """One row a cluster of two posts or more, the largest first.

    Columns: cluster (id of its head, the medoid), size, covered (posts, the head included), reach,
    languages (sorted), first_at, last_at. `clustered` is the answer to `cluster` for these posts.
    """
    known = _with_columns(posts, {"language": pl.String, "reach": pl.Int64, "posted_at": MOMENT})
    return (
        clustered.join(known.select("id", "language", "reach", "posted_at"), on="id")
        .group_by("cluster")
        .agg(
            pl.len().cast(pl.Int64).alias("size"),
            pl.col("covered").sum().cast(pl.Int64),
            pl.col("reach").sum(),
            pl.col("language").drop_nulls().unique().sort().alias("languages"),
            pl.col("posted_at").min().alias("first_at"),
            pl.col("posted_at").max().alias("last_at"),
        )
        .filter(pl.col("size") >= 2)
        .sort(["size", "cluster"], descending=[True, False])
    )


def _rows(posts: pl.DataFrame, heads: pl.DataFrame | None) -> pl.DataFrame:
    """Heads and posts in one frame, those that lead first. Columns id, text, language, media, given, asked."""
    asked = _known(posts).with_columns(asked=True)
    given = _known(posts.clear() if heads is None else heads)
    both = pl.concat([asked, given.join(asked, on="id", how="anti").with_columns(asked=False)])
    _refuse_twice(asked)
    _refuse_twice(given)
    return (
        both.with_columns(given=pl.col("id").is_in(given["id"].implode()))
        .sort(["given", "posted_at", "id"], descending=[True, False, False], nulls_last=True)
        .drop("posted_at")
    )


def _known(posts: pl.DataFrame) -> pl.DataFrame:
    kinds: dict[str, DataType | DataTypeClass] = {
        "language": pl.String,
        "posted_at": MOMENT,
        "media": pl.List(pl.String),
    }
    tag = pl.col("language").str.to_lowercase().str.extract(r"^([a-z]+)")
    return _with_columns(posts, kinds).select(
        "id",
        pl.col("text").fill_null(""),
        tag.replace("und", None).alias("language"),
        "posted_at",
        pl.col("media").list.eval(pl.element().str.to_lowercase()),
    )


def _with_columns(posts: pl.DataFrame, kinds: Mapping[str, DataType | DataTypeClass]) -> pl.DataFrame:
    """The posts with these columns, null where there was none."""
    missing = [pl.lit(None).alias(name) for name in kinds if name not in posts.columns]
    return posts.with_columns(missing).with_columns(pl.col(name).cast(kind) for name, kind in kinds.items())


def _refuse_twice(rows: pl.DataFrame) -> None:
    twice = rows.height - rows["id"].n_unique()
    if twice:
        raise BadInput(f"{twice} posts have an id that another has. Give each post an id of its own.")


def _units(rows: pl.DataFrame) -> tuple[_Units, Rows]:
    """The units of all rows, and the unit of each row."""
    media, keyed = _media(rows)
    texts = keyed.select(pl.col("text").unique(maintain_order=True))
    said = letters(texts["text"])
    read = texts.hstack(said.drop("words")).hstack(read_contexts(texts["text"], said["words"]))
    same = ["stream", "only", "marks", "context", "named", "language", "leads_to", "media_key"]
    full = keyed.join(read.with_columns(_only(), _leads_to()), on="text", how="left", maintain_order="left")
    grouped = (
        full.with_row_index("row")
        .group_by(same, maintain_order=True)
        .agg(
            pl.col("id", "body", "handles", "row", "given").first(),
            pl.len().alias("posts"),
            pl.col("row").alias("rows"),
        )
        .sort(["given", "posts", "row"], descending=[True, True, False])
    )
    unit_of = np.empty(rows.height, dtype=np.int64)
    counts = grouped["rows"].list.len().to_numpy()
    unit_of[grouped["rows"].explode(empty_as_null=False).to_numpy()] = np.repeat(np.arange(len(counts)), counts)
    frame = grouped.drop("rows", "row")
    units = _Units(
        frame=frame,
        streams=frame["stream"].to_list(),
        signed=signatures(frame["stream"]),
        near=np.flatnonzero((frame["stream"].str.len_bytes() >= _NEAR_FROM).to_numpy()),
        media=_unit_media(media, unit_of),
    )
    return units, unit_of


def _only() -> pl.Expr:
    """The text itself where no letters are left of it: then nothing but an equal text is the same."""
    return pl.when(pl.col("stream") == "").then("text").alias("only")


def _leads_to() -> pl.Expr:
    short = pl.col("stream").str.len_bytes() < _LINKS_MATTER_BELOW
    return pl.when(short).then("links").otherwise(hosts(pl.col("links"))).alias("leads_to")


def _media(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The media of each row (row, group, likeness), and the rows with `media_key`, all their pictures."""
    each = rows.select("media").with_row_index("row").explode("media", empty_as_null=False).drop_nulls()
    ranked = each.group_by("media", maintain_order=True).agg(pl.len().alias("posts"), pl.col("row").min())
    hashes = ranked.sort(["posts", "row"], descending=[True, False])["media"]
    groups = same_pictures(hashes)
    found = each.join(groups, left_on="media", right_on="hash", maintain_order="left").drop("media")
    keys = found.group_by("row").agg(pl.col("group").unique().sort().str.join(" ").alias("media_key"))
    keyed = rows.drop("media").with_row_index("row").join(keys, on="row", how="left", maintain_order="left")
    return found, keyed.drop("row")


def _unit_media(media: pl.DataFrame, unit_of: Rows) -> pl.DataFrame:
    unit = pl.Series("unit", unit_of[media["row"].to_numpy()], dtype=pl.Int64)
    return (
        media.with_columns(unit).group_by("unit", "group").agg(pl.col("likeness").min()).sort("group", "unit")
    )


def _joined(units: _Units, links: _Links, given: int) -> _Joined:
    """Every unit with its head. Heads that are given stay; what they do not attract finds heads of its own."""
    heads = _heads(units, links.pairs, given)
    return _attached(units, links.where(heads[links.pairs.right] & ~heads[links.pairs.left]))


def _heads(units: _Units, pairs: Pairs, given: int) -> _Mask:
    heads = np.arange(units.frame.height) < given
    free = ~heads
    free[pairs.left[heads[pairs.right]]] = False
    return heads | _leading(pairs, units.frame["posts"].to_numpy(), free)


def _links(units: _Units, given: int) -> _Links:
    """Each pair of units that is alike, in both directions."""
    met = _alike(units)
    missed = _missed(units, met.pairs, _heads(units, met.pairs, given))
    pairs = joined_pairs(met.pairs, missed, missed.turned())
    return _Links(pairs, np.concatenate([met.by_media, np.zeros(2 * len(missed.left), dtype=np.bool_)]))


def _missed(units: _Units, pairs: Pairs, heads: _Mask) -> Pairs:
    """Pairs that are alike and met in no band, found through a third text that both are alike to.

    Two heads with a follower in common are compared, and where they are alike, all followers of the one
    with the other: a large wave would fall apart into several clusters without it.
    """
    follow = pairs.where(heads[pairs.right] & ~heads[pairs.left])
    order = np.lexsort((follow.right, follow.left))
    follower, head = follow.left[order], follow.right[order]
    _, first, which = np.unique(follower, return_index=True, return_inverse=True)
    best = head[first][which]
    known = np.sort(packed(pairs.left, pairs.right))
    near_heads = _new_alike(units, packed(head, best)[head != best], known)
    through = pl.DataFrame({"follower": follower, "head": head}).join(
        pl.DataFrame({"head": near_heads.left, "best": near_heads.right}), on="head"
    )
    near = _new_alike(units, packed(through["follower"].to_numpy(), through["best"].to_numpy()), known)
    return joined_pairs(near_heads, near)


def _new_alike(units: _Units, pairs: Keys, known: Keys) -> Pairs:
    new = np.setdiff1d(pairs, known)
    left, right = unpacked(new)
    long_enough = np.isin(left, units.near) & np.isin(right, units.near)
    return verified(new[long_enough], units.streams, units.signed.sketch)


def _leading(pairs: Pairs, posts: npt.NDArray[np.unsignedinteger], free: _Mask) -> _Mask:
    """The units among the free ones that head a cluster or stand alone: a greedy cover by stars.

    The next head is the one most alike to all others together, each weighted by its posts.
    """
    pairs = pairs.where(free[pairs.left] & free[pairs.right])
    drawn = posts + np.bincount(pairs.left, pairs.likeness * posts[pairs.right], len(free))
    order = np.lexsort((pairs.right, pairs.left))
    followers, starts = pairs.right[order], np.searchsorted(pairs.left[order], np.arange(len(free) + 1))
    heads, taken = free.copy(), ~free
    linked = np.unique(pairs.left)
    for unit in linked[np.lexsort((linked, -drawn[linked]))].tolist():
        if not taken[unit]:
            around = followers[starts[unit] : starts[unit + 1]]
            heads[around[~taken[around]]] = False
            taken[around] = True
    return heads


def _attached(units: _Units, to_heads: _Links) -> _Joined:
    """Every unit with the best of the heads that it is alike to: one that covers it, then the likest."""
    pairs, covered = to_heads.pairs, _covered(units.frame, to_heads.pairs)
    order = np.lexsort((pairs.right, -pairs.likeness, ~covered, pairs.left))
    left, first = np.unique(pairs.left[order], return_index=True)
    best = order[first]
    alone = np.arange(units.frame.height)
    joined = _Joined(alone, np.ones(len(alone)), alone >= 0, alone < 0)
    joined.head[left] = pairs.right[best]
    joined.likeness[left] = pairs.likeness[best]
    joined.covered[left] = covered[best]
    joined.by_media[left] = to_heads.by_media[best]
    return joined


def _read_as(units: _Units, pairs: Pairs, joined: _Joined) -> Rows:
    """For each unit, the one that is read for it: its head where that covers it.

    Of the others in a cluster, the best-ranked that covers some more is read for those, and so on.
    """
    read_as = np.where(joined.covered, joined.head, np.arange(len(joined.head)))
    apart = (~joined.covered[pairs.left] & ~joined.covered[pairs.right]) & (pairs.right < pairs.left)
    among = pairs.where(apart & (joined.head[pairs.left] == joined.head[pairs.right]))
    among = among.where(_covered(units.frame, among))
    for at in np.lexsort((-among.likeness, among.right, among.left)).tolist():
        copy, reader = int(among.left[at]), int(among.right[at])
        if read_as[copy] == copy and read_as[reader] == reader:
            read_as[copy] = reader
    return read_as


def _alike(units: _Units) -> _Links:
    """Pairs of units that are alike, in both directions."""
    near, sketch = units.near, units.signed.sketch[units.near]
    met = [promising(meetings(key[near], _MET), sketch) for key in units.signed.bands]
    left, right = unpacked(distinct(np.concatenate(met)))
    texts = verified(packed(near[left], near[right]), units.streams, units.signed.sketch)
    pictures = _same_pictures(units)
    pictures = pictures.where(~np.isin(packed(*pictures[:2]), packed(*texts[:2])))
    alone = np.repeat([False, True], [len(texts.left), len(pictures.left)])
    pairs = joined_pairs(texts, pictures)
    return _Links(joined_pairs(pairs, pairs.turned()), np.concatenate([alone, alone]))


def _same_pictures(units: _Units) -> Pairs:
    unit = units.media["unit"].to_numpy()
    away = 1 - units.media["likeness"].to_numpy()
    left, right = unpacked(meetings(units.media["group"].rank("dense").to_numpy().astype(np.uint64), _MET))
    pairs = packed(unit[left], unit[right])
    # Both are known by their distance to the group's hash: their own is at most the sum.
    order = np.lexsort((away[left] + away[right], pairs))
    pairs, first = np.unique(pairs[order], return_index=True)
    likeness = 1 - (away[left] + away[right])[order][first]
    return Pairs(*unpacked(pairs), likeness.astype(np.float32))


def _covered(frame: pl.DataFrame, pairs: Pairs) -> _Mask:
    """Whether the right of each pair, as a head, covers the left.

    - no word, sign or mark that turns a text around is in one alone; languages and names do not differ
    - the same pictures; no link to where the head does not lead, unless the text says enough without one
    - the text differs in words at an edge and in slips at most, or is next to nothing beside the picture
    """
    sides = _sides(frame, pairs)
    alike = sides.select(_same_sense() & _same_pictures_shown() & _same_way()).to_series().to_numpy()
    equal = sides.select(_same_letters()).to_series().to_numpy()
    covered: _Mask = alike & equal
    asked = np.flatnonzero(alike & ~equal)
    covered[asked] = _differ_by_slips(frame, pairs.left[asked], pairs.right[asked])
    return covered


def _sides(frame: pl.DataFrame, pairs: Pairs) -> pl.DataFrame:
    columns = frame.drop("id", "only", "body", "given", "posts")
    ours = columns[pairs.left].rename(lambda name: f"our_{name}")
    return ours.hstack(columns[pairs.right].rename(lambda name: f"their_{name}"))


def _same_sense() -> pl.Expr:
    same = pl.col("our_marks") == pl.col("their_marks")
    language = (pl.col("our_language") == pl.col("their_language")).fill_null(value=True)
    return same & language & pl.col("our_context").eq_missing(pl.col("their_context")) & _same_names()


def _same_names() -> pl.Expr:
    """Whom the one text names, the other at least addresses."""
    ours = pl.col("our_named").list.set_difference(pl.col("their_handles"))
    theirs = pl.col("their_named").list.set_difference(pl.col("our_handles"))
    return (ours.list.len() == 0) & (theirs.list.len() == 0)


def _same_pictures_shown() -> pl.Expr:
    return pl.col("our_media_key").eq_missing(pl.col("their_media_key"))


def _same_way() -> pl.Expr:
    elsewhere = pl.col("our_leads_to").list.set_difference(pl.col("their_leads_to")).list.len() > 0
    enough = pl.col("our_stream").str.len_bytes() >= _LINKS_MATTER_BELOW
    return ~elsewhere | (enough & (pl.col("their_leads_to").list.len() == 0))


def _same_letters() -> pl.Expr:
    letters_left = pl.max_horizontal(pl.col("our_stream", "their_stream").str.len_chars())
    beside_picture = pl.col("our_media_key").is_not_null() & (letters_left <= _HARDLY_A_WORD)
    return ((pl.col("our_stream") == pl.col("their_stream")) & (letters_left > 0)) | beside_picture


def _differ_by_slips(frame: pl.DataFrame, left: Rows, right: Rows) -> _Mask:
    """Whether the texts of each pair differ by slips, and in words at an edge."""
    columns = frame.select("stream", "body")
    texts = zip(columns[right].iter_rows(), columns[left].iter_rows(), strict=True)
    found = [slips(Letters(*head), Letters(*copy)) for head, copy in texts]
    counts = _texts_with(frame["body"], {word for some in found for slip in some or () for word in slip})
    return np.array(
        [some is not None and all(is_slip(slip, counts) for slip in some) for some in found], dtype=np.bool_
    )


def _texts_with(bodies: pl.Series, words: set[str]) -> dict[str, int]:
    """How many texts have each of the words."""
    wanted = pl.Series("body", sorted(words), dtype=pl.String)
    had = [
        some.select(pl.col("body").str.split(" ").list.unique())
        .explode("body", empty_as_null=False)
        .filter(pl.col("body").is_in(wanted.implode()))
        for some in bodies.to_frame().iter_slices(_UNITS_AT_ONCE)
    ]
    return dict(pl.concat([wanted.clear().to_frame(), *had]).group_by("body").len().iter_rows())


def _told(
    posts: pl.DataFrame, rows: pl.DataFrame, unit_of: Rows, units: _Units, joined: _Joined, read_as: Rows
) -> pl.DataFrame:
    """The answer for each post that was asked for."""
    head = joined.head[unit_of]
    first = (
        rows.select("id", "text").with_columns(unit=unit_of).unique("unit", keep="first", maintain_order=True)
    )
    first = first.sort("unit")
    of_head = units.frame.select("stream", "context")[head].rename({"stream": "head_stream"})
    told = (
        rows.select("id", "text", "asked")
        .hstack(of_head.drop("context"))
        .with_columns(
            cluster=first["id"].gather(head),
            read_as=first["id"].gather(read_as[unit_of]),
            head_text=first["text"].gather(head),
            stream=units.frame["stream"].gather(unit_of),
            context=units.frame["context"].gather(unit_of),
            likeness=pl.Series(joined.likeness[unit_of]),
            covered=pl.Series(joined.covered[unit_of]),
            by_media=pl.Series(joined.by_media[unit_of]),
        )
    )
    kinded = told.with_columns(_kind().alias("kind"))
    answer = kinded.filter("asked").select(list(CLUSTERED_SCHEMA))
    return posts.select("id").join(answer, on="id", how="left", maintain_order="left").cast(CLUSTERED_SCHEMA)


def _kind() -> pl.Expr:
    return (
        pl.when(pl.len().over("cluster") == 1)
        .then(pl.lit("alone"))
        .when(pl.col("text") == pl.col("head_text"))
        .then(pl.lit("exact"))
        .when("by_media")
        .then(pl.lit("media"))
        .when(pl.col("stream") == pl.col("head_stream"))
        .then(pl.lit("normalised"))
        .otherwise(pl.lit("near"))
    )
