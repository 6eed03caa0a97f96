# Rules of affectflow.stats.
