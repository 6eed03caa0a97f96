# Rules of affectflow.features.
