# Rules of affectflow.face.
