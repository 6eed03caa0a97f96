# Rules of affectflow.signal.
