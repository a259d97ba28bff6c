"""The tables of the sample that certifies a sweep, kept apart from everything that a ranking may read.

No module that ranks may import this one, nor `certify`: import-linter refuses it, and a test tries.
"""

import sqlalchemy as sa

from incidents.store.schema import judgement_columns, metadata

certify_sample = sa.Table(
    "certify_sample",
    metadata,
    sa.Column("sweep_id", sa.String, primary_key=True),
    sa.Column("item", sa.String, primary_key=True),
    sa.Column("key", sa.BigInteger, nullable=False, comment="Order of reading, from the seed and the id alone"),
    sa.Column("wanted", sa.Integer, nullable=False, comment="Readers: 2, a third where they differ, or 1"),
    sa.Column("verdict", sa.String, comment="What its readers agreed on; null until then"),
    sa.ForeignKeyConstraint(["sweep_id", "item"], ["items.sweep_id", "items.item"]),
    sa.Index("ix_certify_sample_key", "sweep_id", "key"),
)

certify_readings = sa.Table(
    "certify_readings",
    metadata,
    sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False),
    sa.Column("item", sa.String, nullable=False),
    sa.Column("sweep_id", sa.String, sa.ForeignKey("sweeps.id"), nullable=False),
    *judgement_columns(),
    sa.PrimaryKeyConstraint("batch_id", "item"),
    sa.Index("ix_certify_readings_item", "sweep_id", "item"),
)
