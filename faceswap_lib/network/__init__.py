"""The GAN: layers, losses, model, base, checkpoints, and the batches it learns from. Keras is known here."""
