"""`make bench`: the portal at a million customers, each figure beside the floor measured in the same run and its target."""
