# Rules of affectflow.io.
