"""Grading on Gradescope: what packs a lab's autograder here, and what grades with it there."""
