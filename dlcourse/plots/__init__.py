"""Figures in one look: loss curves, and paths over a loss in two dimensions."""
