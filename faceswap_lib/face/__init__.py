"""Find a face, tell whose it is; its mesh, motion and faceset. No room of ours is imported here."""
