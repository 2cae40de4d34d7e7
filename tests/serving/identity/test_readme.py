"""The README says what each role may do, as it is declared."""

from pathlib import Path

from serving.identity.scopes import OF_ROLES

README = Path(__file__).parents[3] / "README.md"


def test_the_readme_tells_what_each_role_brings():
    lines = README.read_text(encoding="utf-8").splitlines()
    for role, scopes in OF_ROLES.items():
        told = ", ".join(f"`{scope}`" for scope in sorted(scopes))
        assert f"| `{role}` | {told} |" in lines
