// Draws the tables of an overview as charts. A mark leads to the list that its cell leads to; the table stays for those who read it.
(() => {
  // A colour of the style sheet as a pixel has it: its variables may be mixtures, which the library does not know.
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const colour = (name) => {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(--tblr-${name})`;
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
  };

  function read(table) {
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const rows = [...table.tBodies[0].rows];
    return {
      categories: rows.map((row) => row.cells[0].textContent.trim()),
      series: heads.map((head, number) => ({
        name: head.textContent.trim(),
        colour: head.dataset.colour,
        marks: rows.map((row) => {
          const cell = row.cells[number + 1];
          return { value: Number(cell.textContent), url: cell.querySelector("a")?.getAttribute("href") ?? "" };
        }),
      })),
    };
  }

  function options(kind, { categories, series }) {
    const ink = colour("body-color");
    const faint = colour("border-color");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const lies = kind === "ranked";
    const names = { type: "category", data: categories, inverse: lies, axisTick: { show: false }, axisLine: { lineStyle: { color: faint } },
      axisLabel: { color: ink, hideOverlap: true, ...(lies && { width: 190, overflow: "truncate" }) } };
    const counts = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: faint } }, axisLabel: { color: ink } };
    return {
      animation: !still,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: lies ? 40 : 8, top: lies ? 4 : 34, bottom: 4, containLabel: true },
      legend: { show: !lies, left: 0, top: 0, itemWidth: 12, itemHeight: 8, textStyle: { color: ink } },
      tooltip: { trigger: lies ? "item" : "axis", renderMode: "richText", axisPointer: { type: "shadow" }, confine: true },
      xAxis: lies ? counts : names,
      yAxis: lies ? names : counts,
      series: series.map((each) => ({
        name: each.name, type: "bar", stack: lies ? undefined : "all", barMaxWidth: 22, itemStyle: { color: colour(each.colour) },
        label: { show: lies, position: "right", color: ink }, emphasis: { focus: lies ? "none" : "series" },
        data: each.marks.map((mark) => ({ ...mark, cursor: mark.url ? "pointer" : "default" })),
      })),
    };
  }

  function draw() {
    for (const figure of document.querySelectorAll("[data-chart]")) {
      const canvas = figure.querySelector(".chart-canvas");
      if (!canvas) continue;
      const found = read(figure.querySelector("table"));
      canvas.hidden = false;
      if (figure.dataset.chart === "ranked") canvas.style.height = `${Math.max(96, 30 * found.categories.length + 30)}px`;
      echarts.getInstanceByDom(canvas)?.dispose();
      const chart = echarts.init(canvas);
      chart.setOption(options(figure.dataset.chart, found));
      chart.on("click", (event) => { if (event.data?.url) location.assign(event.data.url); });
      new ResizeObserver(() => chart.resize()).observe(canvas);
    }
  }

  draw();
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
