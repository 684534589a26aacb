// Several runs on common axes: every figure is of lines over rounds, a line a run.
(() => {
  for (const figure of hive.data.figures) hive.charts.lines(figure);
})();
