"""Trees of nodes, changed by copying: merged, mapped, with a value put in. The nodes of the file itself stay as read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from crawdad.services.configuration.json5.document import Document, Member, Node, as_index
from crawdad.services.configuration.paths import Path


def replaced(node: Node, content: object) -> Node:
    """A node at the same place with other content."""
    return Node(content, node.document, node.start, node.end)  # type: ignore[arg-type]


def merged(base: Node, top: Node) -> Node:
    """`top` over `base`: objects merge key by key, lists are joined, anything else is `top`."""
    if isinstance(base.content, dict) and isinstance(top.content, dict):
        members = dict(base.content)
        for key, member in top.content.items():
            below = members.get(key)
            members[key] = Member(member.key, merged(below.value, member.value)) if below else member
        return replaced(top, members)
    if isinstance(base.content, list) and isinstance(top.content, list):
        return replaced(top, base.content + top.content)
    return top


def map_strings(node: Node, change: Callable[[Path, Node, str], Node], path: Path = ()) -> Node:
    """The tree with every string value (not keys) run through `change`; what stays the same is shared, not copied."""
    content = node.content
    if isinstance(content, str):
        return change(path, node, content)
    if isinstance(content, dict):
        members = {key: map_strings(member.value, change, (*path, key)) for key, member in content.items()}
        if all(members[key] is member.value for key, member in content.items()):
            return node
        return replaced(node, {key: Member(content[key].key, value) for key, value in members.items()})
    if isinstance(content, list):
        items = [map_strings(item, change, (*path, place)) for place, item in enumerate(content)]
        return node if all(new is old for new, old in zip(items, content, strict=True)) else replaced(node, items)
    return node


def put(node: Node, path: Path, value: Node) -> Node:
    """The tree with `value` at `path`; objects that are missing are made, as if they stood where `value` does.

    Where a plain value bars the way nothing changes: validation will say so.
    """
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(node.content, list):
        place = as_index(key)
        items = [put(item, rest, value) if index == place else item for index, item in enumerate(node.content)]
        return replaced(node, items)
    if not isinstance(node.content, dict):
        return node
    members = dict(node.content)
    old = members.get(str(key))
    name = old.key if old else replaced(value, str(key))
    inner = old.value if old else Node({}, value.document, value.start, value.end)
    members[str(key)] = Member(name, put(inner, rest, value))
    return replaced(node, members)


def exchanged(node: Node, others: Mapping[int, Node]) -> Node:
    """The tree with another node in the place of each whose `id` is named; what stays the same is shared, not copied."""
    other = others.get(id(node))
    if other is not None:
        return other
    content = node.content
    if isinstance(content, dict):
        members = {key: exchanged(member.value, others) for key, member in content.items()}
        if all(members[key] is member.value for key, member in content.items()):
            return node
        return replaced(node, {key: Member(content[key].key, value) for key, value in members.items()})
    if isinstance(content, list):
        items = [exchanged(item, others) for item in content]
        return node if all(new is old for new, old in zip(items, content, strict=True)) else replaced(node, items)
    return node


def dropped(node: Node, path: Path) -> Node:
    """The tree without the member at `path`."""
    if not isinstance(node.content, dict) or not path or str(path[0]) not in node.content:
        return node
    name = str(path[0])
    if len(path) == 1:
        return replaced(node, {key: member for key, member in node.content.items() if key != name})
    member = node.content[name]
    return replaced(node, node.content | {name: Member(member.key, dropped(member.value, path[1:]))})


def children(node: Node) -> Iterator[tuple[str | int, Node]]:
    """The keys or places and the values directly in a node."""
    if isinstance(node.content, dict):
        for key, member in node.content.items():
            yield key, member.value
    elif isinstance(node.content, list):
        yield from enumerate(node.content)


def from_plain(value: object, document: Document, start: int = 0, end: int = 0) -> Node:
    """A tree for a plain value, all of it standing at one place."""
    content: object = value
    if isinstance(value, dict):
        content = {
            key: Member(Node(key, document, start, end), from_plain(item, document, start, end))
            for key, item in value.items()
        }
    elif isinstance(value, list):
        content = [from_plain(item, document, start, end) for item in value]
    return Node(content, document, start, end)  # type: ignore[arg-type]
