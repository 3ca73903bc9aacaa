"""A face-swap workshop: extract, train, convert, measure, label. Lab N is notebook N is module N."""

__version__ = "0.1.0"


class UserError(Exception):
    """A mistake the user can mend: one sentence that says what is wrong, where, and what to do next."""
