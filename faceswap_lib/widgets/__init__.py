"""What a learner touches in the notebooks: each a widget, with a still picture for exported pages."""
