"""What a platform does not allow, in clauses that a decision can cite."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from incidents.catalogue.entry import Entry, Slug, Text, Version


class RecommendedAction(StrEnum):
    """What a reviewer recommends for an item; the action plan of a sweep is made of these."""

    remove = "remove"
    restrict = "restrict"
    label = "label"
    escalate = "escalate"
    keep = "keep"


class DsaCategory(StrEnum):
    """Categories of the DSA Transparency Database, as its schema of 1 July 2025 spells them."""

    animal_welfare = "STATEMENT_CATEGORY_ANIMAL_WELFARE"
    consumer_information = "STATEMENT_CATEGORY_CONSUMER_INFORMATION"
    cyber_violence = "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    cyber_violence_against_women = "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN"
    privacy = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
    speech = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    intellectual_property = "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    elections = "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS"
    not_specified = "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"
    other = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    minors = "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    public_security = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
    fraud = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    self_harm = "STATEMENT_CATEGORY_SELF_HARM"
    products = "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS"
    violence = "STATEMENT_CATEGORY_VIOLENCE"


DsaKeyword = Annotated[str, StringConstraints(pattern=r"^KEYWORD_[A-Z_]+$")]


class Dsa(Entry):
    """Where a policy stands in the EU's Digital Services Act."""

    category: DsaCategory = Field(description="Category of the DSA Transparency Database.")
    keywords: tuple[DsaKeyword, ...] = Field((), description="Its keywords within that category.")


class Crosswalk(Entry):
    """The same policy under the headings of other catalogues. Headings only: their text is theirs."""

    dsa: Dsa = Field(description="Category and keywords of the DSA Transparency Database.")
    tspa: Text | None = Field(None, description="Heading among the abuse types of the TSPA curriculum.")
    mlcommons: Text | None = Field(None, description="Hazard of MLCommons AILuminate 1.0.")
    x: Text | None = Field(None, description="Heading of the X rules.")
    ozone: Text | None = Field(None, description="Report reason of Ozone (AT Protocol).")


class Clause(Entry):
    """One sentence of a policy that a decision can rest on."""

    id: Slug = Field(description="Short name, unique within the policy.")
    text: Text = Field(description="What is not allowed, in one or two sentences.")


PolicyId = Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$")]


class Policy(Entry):
    """One policy; a decision names it with its version, and the clause that is broken."""

    id: PolicyId = Field(description="Family and name, e.g. `violence.incitement`.")
    version: Version = Field(description="Raise it by one whenever a clause changes its meaning.")
    title: Text = Field(description="Heading, as people say it.")
    definition: Text = Field(description="What the policy covers and what it leaves alone.")
    clauses: tuple[Clause, ...] = Field(min_length=1, description="The clauses that a decision can cite.")
    action: RecommendedAction = Field(
        description="Recommended where an item breaks it: remove, restrict, label, escalate or keep."
    )
    graphic: bool = Field(False, description="Items may be hard to look at: blur them, and cap exposure.")
    crosswalk: Crosswalk = Field(description="The same policy in other catalogues.")
