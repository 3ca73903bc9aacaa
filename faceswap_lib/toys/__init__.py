"""Toys to learn with: a neuron, a tiny network and a GAN on dots in the plane, in nothing but NumPy."""
