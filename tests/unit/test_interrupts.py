"""Ctrl-C while processes are started."""

from __future__ import annotations

import signal
from threading import Event, Thread

import pytest

from service.interrupts import deaf_children


def test_what_another_thread_hears_comes_after_the_block() -> None:
    """The system gives a signal to any thread that does not hold it back."""
    inside, reached = Event(), False
    other = Thread(target=lambda: inside.wait() and signal.raise_signal(signal.SIGINT))
    other.start()
    with pytest.raises(KeyboardInterrupt), deaf_children():
        inside.set()
        other.join()
        reached = True
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_elsewhere_than_in_the_main_thread_it_is_only_held_back() -> None:
    inside: list[bool] = []

    def work() -> None:
        with deaf_children():
            inside.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    other = Thread(target=work)
    other.start()
    other.join()
    assert inside == [True]
