from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.address import without_password

NASTY = st.text(st.sampled_from("aZ9:@/?&;=%#. …") | st.characters(), min_size=1)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("rtsp://anna:secret@host:554/live", "rtsp://…@host:554/live"),
        ("RTSPS://anna:s@e@host/live", "RTSPS://…@host/live"),
        ("rtsp://anna:s/e?c@host/live", "rtsp://…@host/live"),
        ("rtsp://host/live?user=anna&pwd=secret", "rtsp://host/live?user=…&pwd=…"),
        ("rtsp://host/live?PASSWORD=secret&channel=2", "rtsp://host/live?PASSWORD=…&channel=2"),
        ("rtsp://host/live?password%3Dsecret", "rtsp://host/live?password%3D…"),
        (
            "rtsp://10.0.0.5:554/user=admin&password=secret&channel=1&stream=0.sdp",
            "rtsp://10.0.0.5:554/user=…&password=…&channel=1&stream=…",
        ),
        ("rtsp://u:secret@host/?pass=secret;auth=secret", "rtsp://…@host/?pass=…;auth=…"),
        ("rtsp:anna:secret@host", "rtsp:…@host"),
        ("camera:rtsp://anna:secret@host", "camera:rtsp://…@host"),
        (" http://anna:secret@host/live", " http://…@host/live"),
        ("rtsp://host/live", "rtsp://host/live"),
        (
            "rtsp://host/cam/realmonitor?channel=1&subtype=0",
            "rtsp://host/cam/realmonitor?channel=1&subtype=0",
        ),
        ("camera:0", "camera:0"),
        ("video:/mnt/anna@work/a=b.mp4", "video:/mnt/anna@work/a=b.mp4"),
        ("lsl:source_id=a@b", "lsl:source_id=a@b"),
    ],
)
def test_what_may_be_secret_is_left_out_and_the_rest_is_told(asked: str, shown: str) -> None:
    assert without_password(asked) == shown


@given(NASTY, NASTY, NASTY)
def test_no_password_before_the_host_is_shown(before: str, secret: str, after: str) -> None:
    told = without_password(f"rtsp://{before}:{secret}XYZZY@{after}")
    assert "XYZZY" not in told


@given(NASTY, st.sampled_from(["password", "pwd", "PW", "auth", "user", "channel", "x"]))
def test_no_value_is_shown_but_a_harmless_one(secret: str, key: str) -> None:
    told = without_password(f"rtsp://host/live?{key}=XYZZY {secret}")
    assert "XYZZY" not in told
    assert without_password(told) == told
