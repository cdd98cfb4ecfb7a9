"""Whether a cascade's trees lead anywhere: OpenCV does not ask, and crashes where they do not."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np


def trees_are_whole(text: str) -> bool:
    """Whether every node leads on to a node or a leaf of its tree, and asks for a known feature.

    Args:
        text: A cascade as XML. A node is the numbers left, right, feature, and a threshold or the
            bits of a set of categories; left or right is a node where it is above 0, else a leaf.
    """
    try:
        cascade = ElementTree.fromstring(text)
        features = len(cascade.findall(".//features/_"))
        words = -(-int(cascade.findtext(".//maxCatCount", "0")) // 32)
        for tree in cascade.iterfind(".//weakClassifiers/_"):
            leaves = len(tree.findtext("leafValues", "").split())
            numbers = np.array(tree.findtext("internalNodes", "").split(), float)
            nodes = numbers.reshape(-1, 3 + max(words, 1))
            onwards, feature = nodes[:, :2], nodes[:, 2]
            # A node that led back would never end.
            is_node = (onwards > np.arange(len(nodes))[:, None]) & (onwards < len(nodes))
            is_leaf = (onwards <= 0) & (onwards > -leaves)
            if not ((is_node | is_leaf).all() and np.isin(feature, np.arange(features)).all()):
                return False
    except (ElementTree.ParseError, ValueError):
        return False
    return True
