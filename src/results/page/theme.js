"use strict";

// Colours of the charts. The eight of the series are chosen by search from a blue, an orange, a green, ...: each at
// least 3:1 against its background, and any two at least 0.09 apart in OKLab, also as people without one kind of cones
// see them (simulated after Machado, Oliveira, Fernandes, IEEE TVCG 15(6), 2009). The page's own stand in report.css.
const chartThemes = {
    light: {
        background: "#ffffff", text: "#1b1f24", muted: "#57606a", grid: "#e7eaee", axis: "#aab2bb",
        series: ["#1f509f", "#d57c18", "#1a7f69", "#ae6cb0", "#5092f0", "#8f2413", "#2f2a3a", "#806e03"],
        marks: {failure: "#b3261e", scale: "#1f509f", maintenance: "#806e03", other: "#5c636b"},
        target: "#1b1f24",
        heat: ["#e6eff6", "#c6dcec", "#8fbfdf", "#4f99c9", "#2370a8", "#124b7e", "#0a2a4f"],
    },
    dark: {
        background: "#14181d", text: "#e6e9ed", muted: "#9aa4af", grid: "#262c34", axis: "#4a535e",
        series: ["#5589cf", "#e48d16", "#07c18b", "#d2a1e3", "#c7e6e3", "#c95c30", "#868187", "#f0d675"],
        marks: {failure: "#ff7b6e", scale: "#5589cf", maintenance: "#f0d675", other: "#a9b1ba"},
        target: "#e6e9ed",
        heat: ["#202b39", "#173f66", "#1c5f94", "#2e84bd", "#5cabd9", "#9fd2ee", "#eef8ff"],
    },
};

// Run k of an overlay is told by its dashes.
const dashPatterns = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

const themeChoices = ["auto", "light", "dark"];
const themeKey = "regatta-report-theme";
const themeListeners = [];
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
let themeChoice = "auto";

function themeName() {
    if (themeChoice !== "auto") return themeChoice;
    return systemIsDark.matches ? "dark" : "light";
}

function currentTheme() {
    return chartThemes[themeName()];
}

function seriesColor(theme, index) {
    return theme.series[(index ?? 0) % theme.series.length];
}

function applyTheme() {
    const root = document.documentElement;
    root.dataset.theme = themeName();
    const theme = currentTheme();
    theme.series.forEach((color, index) => root.style.setProperty(`--series-${index}`, color));
    for (const [kind, color] of Object.entries(theme.marks)) root.style.setProperty(`--mark-${kind}`, color);
    root.style.setProperty("--heat", `linear-gradient(to right, ${theme.heat.join(", ")})`);
    const next = themeChoices[(themeChoices.indexOf(themeChoice) + 1) % themeChoices.length];
    const button = document.getElementById("theme-button");
    button.textContent = `Theme: ${themeChoice}`;
    button.title = `Change to ${next}`;
    for (const listener of themeListeners) listener();
}

function chooseTheme(choice) {
    themeChoice = choice;
    try {
        localStorage.setItem(themeKey, choice);
    } catch {
        // A page without storage forgets the choice; nothing else is lost.
    }
    applyTheme();
}

function startTheme() {
    try {
        const stored = localStorage.getItem(themeKey);
        if (themeChoices.includes(stored)) themeChoice = stored;
    } catch {
        // As above.
    }
    document.getElementById("theme-button").addEventListener("click", () => {
        chooseTheme(themeChoices[(themeChoices.indexOf(themeChoice) + 1) % themeChoices.length]);
    });
    systemIsDark.addEventListener("change", applyTheme);
    applyTheme();
}
