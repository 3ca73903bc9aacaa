"""deepfakes/faceswap in and out: what it reads and writes, and the program itself as a process of its own."""
