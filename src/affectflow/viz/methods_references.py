"""The works that a methods section cites, and no others."""

from __future__ import annotations

import re

# As cited in the sentences → the whole reference. Checked against publishers', libraries' or authors' own pages;
# what could not be checked (a DOI, pages) is left out.
REFERENCES = {
    "Bai et al. 2018": "Bai, S., Kolter, J. Z. and Koltun, V. (2018). An empirical evaluation of generic convolutional and recurrent networks for sequence modeling. arXiv:1803.01271.",
    "Benjamini and Hochberg 1995": "Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate: a practical and powerful approach to multiple testing. Journal of the Royal Statistical Society B 57(1), 289–300.",
    "Bland and Altman 2007": "Bland, J. M. and Altman, D. G. (2007). Agreement between methods of measurement with multiple observations per individual. Journal of Biopharmaceutical Statistics 17, 571.",
    "Casiez et al. 2012": "Casiez, G., Roussel, N. and Vogel, D. (2012). 1€ filter: a simple speed-based low-pass filter for noisy input in interactive systems. CHI 2012. doi:10.1145/2207676.2208639",
    "Daněček et al. 2022": "Daněček, R., Black, M. J. and Bolkart, T. (2022). EMOCA: emotion driven monocular face capture and animation. CVPR 2022, 20311–20322.",
    "de Haan and Jeanne 2013": "de Haan, G. and Jeanne, V. (2013). Robust pulse rate from chrominance-based rPPG. IEEE Transactions on Biomedical Engineering 60(10), 2878–2886.",
    "Friedman 2001": "Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29(5), 1189–1232. doi:10.1214/aos/1013203451",
    "Hampel 1974": "Hampel, F. R. (1974). The influence curve and its role in robust estimation. Journal of the American Statistical Association 69(346), 383–393.",
    "Hedges 1981": "Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators. Journal of Educational Statistics 6, 107–128.",
    "Holm 1979": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65–70.",
    "Kapoor and Narayanan 2023": "Kapoor, S. and Narayanan, A. (2023). Leakage and the reproducibility crisis in machine-learning-based science. Patterns 4(9), 100804.",
    "Ledoit and Wolf 2004": "Ledoit, O. and Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices. Journal of Multivariate Analysis 88(2), 365–411.",
    "Li et al. 2017": "Li, T., Bolkart, T., Black, M. J., Li, H. and Romero, J. (2017). Learning a model of facial shape and expression from 4D scans. ACM Transactions on Graphics 36(6), 194.",
    "Lindstrom and Bates 1988": "Lindstrom, M. J. and Bates, D. M. (1988). Newton–Raphson and EM algorithms for linear mixed-effects models for repeated-measures data. Journal of the American Statistical Association 83(404), 1014–1022. doi:10.1080/01621459.1988.10478693",
    "Loshchilov and Hutter 2019": "Loshchilov, I. and Hutter, F. (2019). Decoupled weight decay regularization. ICLR 2019. arXiv:1711.05101.",
    "Lugaresi et al. 2019": "Lugaresi, C. et al. (2019). MediaPipe: a framework for building perception pipelines. arXiv:1906.08172.",
    "Makowski et al. 2021": "Makowski, D. et al. (2021). NeuroKit2: a Python toolbox for neurophysiological signal processing. Behavior Research Methods 53(4), 1689–1696. doi:10.3758/s13428-020-01516-y",
    "McInnes et al. 2018": "McInnes, L., Healy, J. and Melville, J. (2018). UMAP: uniform manifold approximation and projection for dimension reduction. arXiv:1802.03426.",
    "Mölder et al. 2021": "Mölder, F. et al. (2021). Sustainable data analysis with Snakemake. F1000Research. doi:10.12688/f1000research.29032.2",
    "Pedregosa et al. 2011": "Pedregosa, F. et al. (2011). Scikit-learn: machine learning in Python. Journal of Machine Learning Research 12, 2825–2830.",
    "Poličar et al. 2019": "Poličar, P. G., Stražar, M. and Zupan, B. (2019). openTSNE: a modular Python library for t-SNE dimensionality reduction and embedding. bioRxiv. doi:10.1101/731877",
    "Savitzky and Golay 1964": "Savitzky, A. and Golay, M. J. E. (1964). Smoothing and differentiation of data by simplified least squares procedures. Analytical Chemistry 36(8), 1627–1639. doi:10.1021/ac60214a047",
    "Seabold and Perktold 2010": "Seabold, S. and Perktold, J. (2010). Statsmodels: econometric and statistical modeling with Python. Proceedings of the 9th Python in Science Conference, 92–96.",
    "Task Force 1996": "Task Force of the European Society of Cardiology and the North American Society of Pacing and Electrophysiology (1996). Heart rate variability: standards of measurement, physiological interpretation and clinical use. European Heart Journal 17, 354–381.",
    "van der Maaten and Hinton 2008": "van der Maaten, L. and Hinton, G. (2008). Visualizing data using t-SNE. Journal of Machine Learning Research 9, 2579–2605.",
    "Vaswani et al. 2017": "Vaswani, A. et al. (2017). Attention is all you need. arXiv:1706.03762.",
    "Virtanen et al. 2020": "Virtanen, P. et al. (2020). SciPy 1.0: fundamental algorithms for scientific computing in Python. Nature Methods 17, 261–272. doi:10.1038/s41592-019-0686-2",
    "Wang et al. 2017": "Wang, W., den Brinker, A. C., Stuijk, S. and de Haan, G. (2017). Algorithmic principles of remote PPG. IEEE Transactions on Biomedical Engineering 64(7), 1479–1491. doi:10.1109/TBME.2016.2609282",
    "Welch 1947": "Welch, B. L. (1947). The generalization of 'Student's' problem when several different population variances are involved. Biometrika 34, 28–35. doi:10.1093/biomet/34.1-2.28",
    "Westfall and Young 1993": "Westfall, P. H. and Young, S. S. (1993). Resampling-based multiple testing: examples and methods for p-value adjustment. Wiley.",
}  # fmt: skip


def references_of(text: str) -> list[str]:
    """Return the references of the works that a text cites, by author.

    Parameters
    ----------
    text
        Sentences of the methods; a work is cited as "Holm 1979" or "Casiez et al. 2012".
    """
    return [whole for cited, whole in REFERENCES.items() if re.search(rf"\b{re.escape(cited)}\b", text)]
