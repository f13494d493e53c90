"""HTTP: one package an area. They never import each other."""
