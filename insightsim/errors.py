"""Errors a caller may want to catch; a message says what was found, what was expected and what to do next.

InsightSimError
├── SignalError      a signal lacks the channels, rate, unit or shape its consumer needs
├── StreamError      something about a live stream
│   ├── StreamNotFound   no stream answers the query
│   │   └── StreamAwaited    somebody has to do something first: it is waited for, however long
│   ├── StreamAmbiguous  more than one stream answers the query
│   └── StreamLost       a stream that was there went silent or closed
├── ModelError       a model file and its card do not fit each other, or the signal
├── DatasetError     a data file is not what its format promises
├── SettingsError    a setting that is unknown or out of range
└── ServerError      the page cannot be served: port taken, address not allowed
"""


def readable(text: str) -> str:
    r"""The text with bytes of a file's name that are no UTF-8 spelt out: "M\udcfcller.csv".

    Python keeps such bytes as halves of characters, which neither JSON nor LSL nor a terminal takes.
    """
    return text.encode(errors="backslashreplace").decode()


class InsightSimError(Exception):
    """Base class of every error raised on purpose by this project."""

    def __str__(self) -> str:
        """The sentence, fit for any output."""
        return readable(super().__str__())


class SignalError(InsightSimError):
    """A signal lacks the channels, rate, unit or shape its consumer needs."""


class StreamError(InsightSimError):
    """Something about a live stream."""


class StreamNotFound(StreamError):
    """No stream answers the query."""


class StreamAwaited(StreamNotFound):
    """Somebody has to do something before there is a stream, as the message says: it is waited for."""


class StreamAmbiguous(StreamError):
    """More than one stream answers the query."""


class StreamLost(StreamError):
    """A stream that was there went silent or closed."""


class ModelError(InsightSimError):
    """A model file and its card do not fit each other, or the signal."""


class DatasetError(InsightSimError):
    """A data file is not what its format promises."""


class SettingsError(InsightSimError):
    """A setting that is unknown or out of range."""


class ServerError(InsightSimError):
    """The page cannot be served: port taken, address not allowed."""
