"""What a run about the shape of a cloud did, in the sentences of a paper's methods section."""

from probes.geometry.analysis import NAMES, GeometryResult, GeometrySpec
from probes.geometry.contextual import ContextualResult, ContextualSpec
from probes.geometry.maps import TITLES, MapResult, MapSpec
from probes.geometry.reading_off import FOLDS
from probes.geometry.reads import ReadsPoints
from probes.geometry.study import GROUPS

CITED = {
    "pca": "[@pearson-1901]",
    "umap": "[@mcinnes-2018]",
    "tsne": "[@van-der-maaten-2008]",
    "glove": " [@pennington-2014]",
}


def geometry(spec: GeometrySpec, result: GeometryResult) -> tuple[str, ...]:
    """Describe the points, the measures, the treatments, the intervals and the nulls."""
    drawn = _drawn(spec, result.unit)
    floor = " and of the same architecture with random weights" if spec.random_init and result.unit != "row" else ""
    return (
        f"We measured the shape of the cloud of {result.points} {NAMES[result.unit]} from {result.texts} texts"
        f"{drawn}, at each of {len(result.layers)} layers: mean cosine "
        "[@ethayarajh-2019], IsoScore [@rudman-2022], partition-function isotropy [@mu-2018], effective rank "
        "[@roy-vetterli-2007], as RankMe [@garrido-2023], participation ratio, stable rank, intrinsic dimension by "
        "TwoNN [@facco-2017] and maximum likelihood [@levina-bickel-2004], hubness among 10 neighbours by cosine "
        "[@radovanovic-2010], norms, and the share of the mean cosine of the most rogue dimension [@timkey-2021].",
        "Centring, all-but-the-top [@mu-2018] and whitening [@su-2021] were fitted on the points of other texts than "
        f"those measured. Intervals are 95 % delete-a-group jackknife intervals over {GROUPS} groups of texts.",
        f"As controls we give the values of {spec.draws} clouds of isotropic noise with the same norms, of as many of "
        f"Gaussian noise with the same mean and covariance{floor}.",
    )


def mapped(spec: MapSpec, result: MapResult) -> tuple[str, ...]:
    """Describe the points, how they were mapped and laid over each other, and how the maps were judged."""
    length = ", every vector taken at length 1" if spec.metric == "cosine" else ""
    settings = {"pca": "", "umap": f" ({spec.neighbours} neighbours, min_dist {spec.apart:g})"}
    settings["tsne"] = f" (perplexity {2 * spec.neighbours})"
    settings["probe"] = f" {CITED['pca']} of the states in {escaped(result.subspace)}"
    warm = "" if spec.method in ("pca", "probe") else "; each layer began where the layer before had ended"
    return (
        f"We mapped {result.count} {NAMES[result.unit]}{_drawn(spec, result.unit)}, "
        f"to two dimensions at each of {len(result.layers)} layers by {'PCA' if spec.run else TITLES[spec.method]}"
        f"{'' if spec.run else ' ' + CITED[spec.method]}{settings[spec.method]}{length}{warm}.",
        "Every map was centred, scaled to unit root mean square, and rotated or mirrored onto the map of the layer "
        "before (orthogonal Procrustes).",
        f"Maps were judged on {result.judged} points with {result.neighbours} neighbours by trustworthiness and "
        "continuity [@venna-2006], the share of nearest neighbours kept, Spearman's correlation of all distances, and "
        "the share of neighbours that a map drawn with another seed has in common.",
        "Clusters of each map are those of HDBSCAN [@campello-2013], named by c-TF-IDF [@grootendorst-2022].",
    )


def contextual(spec: ContextualSpec, result: ContextualResult) -> tuple[str, ...]:
    """Describe the words, the representations, the probe with its rivals, and how senses were compared."""
    vectors = f", of static vectors ({escaped(result.title)}{CITED.get(spec.static, '')})" if result.title else ""
    floor = " The same architecture with random weights was read alike." if spec.random_init else ""
    axes = f" cut to {spec.dimensions} principal axes of the training words," if spec.dimensions else ""
    return (
        f"We compared representations of {len(result.points)} uses of words in {result.points.text.nunique()} texts, "
        f"drawn with seed {spec.seed}: the rows of the model's own embedding table{vectors}, and the states of each of "
        f"{len(result.layers)} layers, each averaged over a word's sub-tokens.{floor}",
        f"Multinomial logistic regression read {escaped(result.label)} ({result.classes} labels) off each,{axes} in "
        f"{FOLDS}-fold cross-validation by text, columns standardised and the penalty chosen inside the training "
        "texts. Intervals are 95 % percentile bootstrap intervals over texts [@efron-1979]; the named layer was chosen "
        "on one half of the texts and is reported on the other. Beside it stand a probe of shuffled labels, the "
        "largest class, and the commonest label of each word over the very uses that are judged, which bounds any "
        "static vector.",
        "Of words with several labels we give the share of uses whose nearest other use of that word by cosine has the "
        "same label, ties counted in part, and the silhouette [@rousseeuw-1987], with bootstrap intervals over words, "
        f"and both for labels shuffled among the uses of each word ({spec.draws} draws).",
        f"Maps were drawn by {TITLES[spec.method]} {CITED[spec.method]}.",
    )


def escaped(title: str) -> str:
    """Return a title that may hold a file's name, without what Markdown would read as a sign."""
    return "".join(c if c.isalnum() or c in " -'.,_" else " " for c in title)


def _drawn(spec: ReadsPoints, unit: str) -> str:
    if unit == "row":
        return f", drawn with seed {spec.seed}"
    return f", at most {spec.per_text} of a text, drawn with seed {spec.seed}"
