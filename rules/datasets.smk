# Rules of affectflow.datasets.
