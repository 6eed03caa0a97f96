# Rules of affectflow.train.
