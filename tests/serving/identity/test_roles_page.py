"""The page on security says what each role may do, as it is declared."""

from pathlib import Path

from serving.identity.scopes import OF_ROLES

PAGE = Path(__file__).parents[3] / "serving" / "SECURITY.md"


def test_the_page_tells_what_each_role_brings():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for role, scopes in OF_ROLES.items():
        told = ", ".join(f"`{scope}`" for scope in sorted(scopes))
        assert f"| `{role}` | {told} |" in lines
