"""The ``codexctl`` command. Its modules import nothing heavy at the top: ``--help`` must stay quick."""
