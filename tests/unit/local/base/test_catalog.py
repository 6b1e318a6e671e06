"""Every row of the catalogs leads somewhere."""

from __future__ import annotations

from local import catalog
from local.cloudformation.catalog import TYPES


def test_every_service_has_operations() -> None:
    """Modules resolve, and have what the assembly calls."""
    modules = catalog.modules()
    assert [module.__name__ for module in modules] == list(catalog.SERVICES)
    assert all(callable(module.operations) for module in modules)


def test_every_type_can_be_made_changed_and_deleted() -> None:
    """And says which attributes GetAtt gives."""
    for name, kind in TYPES.items():
        assert name.startswith("AWS::")
        assert callable(kind.create)
        assert callable(kind.update)
        assert callable(kind.delete)
        assert isinstance(kind.attributes, frozenset)
