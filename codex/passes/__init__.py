"""The seven passes: each makes a brief, reads a reply, gates it by computation and makes a proposal."""
