# Rules of affectflow.viz.
