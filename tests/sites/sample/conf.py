project = "Sample"
author = "The exptdir authors"
copyright = "the exptdir authors"
extensions = ["exptdir"]
