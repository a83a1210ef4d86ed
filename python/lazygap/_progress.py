"""Progress of long calls: tqdm where it is installed, otherwise a line of the logger now and then."""

import contextlib
import logging
import time

logger = logging.getLogger("lazygap")
_SECONDS_BETWEEN_LINES = 5


class Stopped(Exception):
    """A callback has returned True."""


@contextlib.contextmanager
def reporting(progress, what):
    """The callback (fraction, messages) for the extension module.

    `progress`: False or None for none, True for a bar, or a function of the fraction that is done, which may return True
    to stop.
    """
    if not progress:
        yield _messages_only
        return
    if callable(progress):

        def tell(fraction, messages):
            _log(messages)
            if progress(fraction) is True:
                raise Stopped

        yield tell
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield _logging_reporter(what)
        return
    bar = tqdm(total=100, desc=what, unit="%", bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}")

    def update(fraction, messages):
        _log(messages)
        bar.update(100 * fraction - bar.n)

    try:
        yield update
    finally:
        bar.close()


def _messages_only(fraction, messages):
    _log(messages)


def _log(messages):
    for message in messages:
        logger.warning(message)


def _logging_reporter(what):
    last = time.monotonic()

    def tell(fraction, messages):
        nonlocal last
        _log(messages)
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            logger.info("%s: %.0f %%", what, 100 * fraction)

    return tell
