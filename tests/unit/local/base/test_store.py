"""Documents in SQLite: there after a restart, changed by one thread at a time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local.store import Store


def test_documents_are_there_in_another_life(tmp_path: Path) -> None:
    """Kinds do not mix, prefixes select, deletes say whether there was one."""
    store = Store(tmp_path / "deep" / "store.sqlite")
    store.put("job", "a/1", {"n": 1, "text": "ü"})
    store.put("job", "a/2", {"n": 2})
    store.put("job", "b_%/1", {"n": 3})
    store.put("other", "a/1", {"n": 4})
    store.close()
    store = Store(tmp_path / "deep" / "store.sqlite")
    assert store.get("job", "a/1") == {"n": 1, "text": "ü"}
    assert store.get("job", "c") is None
    assert store.list("job", "a/") == [("a/1", {"n": 1, "text": "ü"}), ("a/2", {"n": 2})]
    assert [key for key, _ in store.list("job", "b_%")] == ["b_%/1"]
    assert (store.delete("job", "a/1"), store.delete("job", "a/1")) == (True, False)
    assert len(store.list("job")) == 2


def test_any_text_of_json_is_kept(tmp_path: Path) -> None:
    """Half a surrogate pair too: a step whose reason holds one must be able to end."""
    store = Store(tmp_path / "store.sqlite")
    text = json.loads(r'"失敗 \ud800"')
    store.put("step", "a", {"reason": text})
    assert store.get("step", "a") == {"reason": text}


def test_updates_do_not_overtake_each_other(tmp_path: Path) -> None:
    """Two hundred increments by eight threads make two hundred."""
    store = Store(tmp_path / "store.sqlite")

    def increment(document: dict[str, Any] | None) -> dict[str, Any]:
        return {"n": (document or {"n": 0})["n"] + 1}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.update("counter", "c", increment), range(200)))
    assert store.get("counter", "c") == {"n": 200}
