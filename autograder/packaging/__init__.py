"""What runs on other platforms: scripts that a package takes along."""
