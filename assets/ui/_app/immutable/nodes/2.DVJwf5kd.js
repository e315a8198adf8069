
export{_ as component}from"../chunks/BZJIPkHI.js";