"""The options that the sweeps share."""
import argparse


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=["memory", "calls"])
    parser.add_argument("--only", default="", help="the scenarios whose name this expression finds")
    parser.add_argument("--most", type=int, default=None, help="how many calls of a kind are tried")
    parser.add_argument("--every", type=int, default=1, help="of the points, only every such one")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("arguments", nargs="*", help="for the daemon")
    return parser.parse_args()
